#!/usr/bin/env bash
# One Ceph of a monitor, an OSD in memory and a RADOS gateway, on loopback only.
#
#   s3-radosgw.sh DIR GATEWAY_PORT MONITOR_PORT
#
# Everything it writes is below DIR; DIR/pids names its processes, s3-stop.sh DIR ends them. Its
# user is test with the secret testtest. Returns when the gateway answers. Needs radosgw, ceph-mon,
# ceph-osd and ceph-common (16 or newer).
set -euo pipefail
dir=$1
gateway_port=$2
monitor_port=$3

mkdir -p "$dir"/{mon,osd,rgw,log,sock}
: > "$dir/pids"
new_id() { cat /proc/sys/kernel/random/uuid; }
cluster_id=$(new_id)
osd_id=$(new_id)
monitor="[v2:127.0.0.1:$monitor_port]"

cat > "$dir/ceph.conf" << CONF
[global]
fsid = $cluster_id
mon_host = $monitor
keyring = $dir/\$name.keyring
public_network = 127.0.0.0/8
ms_bind_ipv6 = false
run_dir = $dir/sock
admin_socket = $dir/sock/\$name.asok
log_file = $dir/log/\$name.log
pid_file = $dir/sock/\$name.pid
crash_dir = $dir/log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
auth_allow_insecure_global_id_reclaim = false
[mon]
mon_data = $dir/mon
# A disk that is nearly full is no reason to stop.
mon_data_avail_crit = 1
mon_data_avail_warn = 1
[osd]
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
[client.rgw]
rgw_data = $dir/rgw
rgw_frontends = beast endpoint=127.0.0.1:$gateway_port
rgw_thread_pool_size = 32
rgw_run_sync_thread = false
rgw_enable_usage_log = false
CONF
conf=(-c "$dir/ceph.conf")

# run NAME COMMAND…: starts a process that outlives this script, and remembers it
run() {
  local name=$1
  shift
  setsid "$@" > "$dir/log/$name.out" 2>&1 < /dev/null &
  echo $! >> "$dir/pids"
}

# until_it TRIES COMMAND…: every tenth of a second
until_it() {
  local tries=$1 try
  shift
  for ((try = 0; try < tries; try++)); do
    if "$@" > /dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "gave up waiting for: $*" >&2
  return 1
}

keys() { ceph-authtool "$@" > /dev/null; }
keys -C "$dir/mon.keyring" --gen-key -n mon. --cap mon 'allow *'
keys -C "$dir/client.admin.keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
keys -C "$dir/client.rgw.keyring" --gen-key -n client.rgw --cap mon 'allow *' --cap osd 'allow *'
keys -C "$dir/osd.0.keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
for name in client.admin client.rgw osd.0; do
  keys "$dir/mon.keyring" --import-keyring "$dir/$name.keyring"
done

monmaptool --create --fsid "$cluster_id" --addv a "$monitor" "$dir/monmap" > /dev/null
ceph-mon "${conf[@]}" -i a --mkfs --monmap "$dir/monmap" --keyring "$dir/mon.keyring"
run mon ceph-mon "${conf[@]}" -i a -f
until_it 100 timeout 5 ceph "${conf[@]}" --connect-timeout 2 quorum_status

# The OSD's key came with the monitor's keyring: only its number is new.
ceph "${conf[@]}" osd new "$osd_id" 0 > /dev/null 2>&1
ceph-osd "${conf[@]}" -i 0 --mkfs --osd-uuid "$osd_id" > "$dir/log/mkfs.out" 2>&1
run osd ceph-osd "${conf[@]}" -i 0 -f
run rgw radosgw "${conf[@]}" -n client.rgw -f
until_it 600 curl -s -o "$dir/log/first-answer" --max-time 1 "http://127.0.0.1:$gateway_port/"

radosgw-admin "${conf[@]}" -n client.rgw user create --uid=test --display-name=test \
  --access-key=test --secret=testtest > /dev/null 2> "$dir/log/user.out"
