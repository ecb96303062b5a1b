# Whether /readyz, or another path, on this port of this machine answers 200: the health check of containers. In bash alone, which every image here
# has: a Node for each look would cost a hundred times as much.
#   bash ready.sh PORT [PATH]
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "${2:-/readyz}" >&3
read -r _ status _ <&3 && [ "$status" = 200 ]
