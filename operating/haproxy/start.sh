# Starts HAProxy with TLS if there is a certificate, without if not; and refuses what would show to others who talks to whom.
certificate=/tls/parley.pem
if [ -e "$certificate" ]; then
  [ -r "$certificate" ] || {
    echo "HAProxy runs as user $(id -u) and may not read tls/parley.pem: chown it to that user, mode 400." >&2
    exit 2
  }
  export PARLEY_TLS=1
elif [ "$PARLEY_ALLOW_PLAIN" != true ]; then
  case $PARLEY_BIND in
  127.* | localhost | ::1) ;;
  *)
    echo "PARLEY_BIND is $PARLEY_BIND: without TLS, others on the way read who talks to whom. Put certificate and key into tls/parley.pem, or set PARLEY_ALLOW_PLAIN=true in .env if a proxy with TLS stands in front." >&2
    exit 2
    ;;
  esac
fi
# What one network may have grows with what gateways allow it.
PARLEY_NETWORK_CONNECTIONS=$(awk -v factor="${PARLEY_RATE_FACTOR:-1}" 'BEGIN { n = 4000 * factor; printf "%d", (n < 1 ? 1 : n > 1e9 ? 1e9 : n) }')
export PARLEY_NETWORK_CONNECTIONS
exec haproxy -W -db -f /etc/parley/haproxy.cfg
