#!/usr/bin/env bash
# One OpenStack Swift with the S3 interface of its proxy (s3api), on loopback only.
#
#   s3-swift.sh DIR PROXY_PORT ACCOUNT_PORT CONTAINER_PORT OBJECT_PORT
#
# Everything it writes is below DIR, which has to take extended attributes; DIR/pids names its
# processes, s3-stop.sh DIR ends them. Its user is test:tester with the secret testing. Returns when
# it answers. Needs python3-swift, swift-proxy, swift-account, swift-container and swift-object.
set -euo pipefail
dir=$1
proxy_port=$2
declare -A port=([account]=$3 [container]=$4 [object]=$5)
user=$(id -un)

mkdir -p "$dir"/{conf,log,cache,devices/one}
: > "$dir/pids"
python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.probe", b"")' "$dir/devices/one"

cat > "$dir/conf/swift.conf" << CONF
[swift-hash]
swift_hash_path_suffix = loopback
swift_hash_path_prefix = loopback
[storage-policy:0]
name = only
default = yes
CONF

for kind in account container object; do
  builder="$dir/conf/$kind.builder"
  swift-ring-builder "$builder" create 4 1 1 > /dev/null
  swift-ring-builder "$builder" add "r1z1-127.0.0.1:${port[$kind]}/one" 1 > /dev/null
  swift-ring-builder "$builder" rebalance > /dev/null
  cat > "$dir/conf/$kind.conf" << CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port[$kind]}
workers = 0
user = $user
swift_dir = $dir/conf
devices = $dir/devices
mount_check = false
log_name = $kind
recon_cache_path = $dir/cache
disable_fallocate = true
fallocate_reserve = 0
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
CONF
done

cat > "$dir/conf/proxy.conf" << CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $proxy_port
workers = 0
user = $user
swift_dir = $dir/conf
log_name = proxy
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
connect_timeout = 0.01
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
CONF

run() {
  local kind=$1
  setsid "swift-$kind-server" "$dir/conf/$kind.conf" > "$dir/log/$kind.out" 2>&1 < /dev/null &
  echo $! >> "$dir/pids"
}

# until_it_answers KIND PORT: any answer, for 30 seconds at most
until_it_answers() {
  local try
  for ((try = 0; try < 300; try++)); do
    if curl -s -o "$dir/log/first-answer" --max-time 1 "http://127.0.0.1:$2/"; then return 0; fi
    sleep 0.1
  done
  echo "no answer from swift-$1-server; its log is in $dir/log" >&2
  return 1
}

# The proxy stays away for a while from servers that did not answer it at first.
for kind in account container object; do run "$kind"; done
for kind in account container object; do until_it_answers "$kind" "${port[$kind]}"; done
run proxy
until_it_answers proxy "$proxy_port"
