# Whether /readyz on this port of this machine answers 200: the health check of containers. In bash alone, which every image here
# has: a Node for each look would cost a hundred times as much.
#   bash ready.sh PORT
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r _ status _ <&3 && [ "$status" = 200 ]
