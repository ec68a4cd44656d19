#!/usr/bin/env bash
# Real files with digests that their publishers give out: Debian packages bring the MD5 of each of
# their files, package-lock.json the SHA-512 of each npm tarball.
#   DIR/site           what an origin serves
#   DIR/published.tsv  key <TAB> algorithm <TAB> digest in hex
#   DIR/keys.txt       the keys, one a line
set -euo pipefail
dir=$1
lock=$2
mkdir -p "$dir/site/debian" "$dir/site/npm" "$dir/download"
cd "$dir/download"

apt-get -qq download git-doc manpages-dev tzdata >&2
: > "$dir/published.tsv"
for deb in *.deb; do
  name=${deb%%_*}
  mkdir -p "$dir/site/debian/$name"
  dpkg-deb --extract "$deb" "$dir/site/debian/$name"
  dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./md5sums |
    sed -E "s#^([0-9a-f]{32})  (.*)#debian/$name/\2\tmd5\t\1#" >> "$dir/published.tsv"
done

node - "$lock" > tarballs.txt <<'JS'
const { packages } = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'));
for (const name of ['typescript', 'undici', 'libsql', 'yaml', 'zod', 'prettier']) {
  const { version, integrity } = packages[`node_modules/${name}`];
  const hex = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
  console.log(`${name} ${version} ${hex}`);
}
JS
while read -r name version sha512; do
  npm pack --silent "$name@$version" > /dev/null
  mv "$name-$version.tgz" "$dir/site/npm/"
  printf 'npm/%s-%s.tgz\tsha512\t%s\n' "$name" "$version" "$sha512" >> "$dir/published.tsv"
done < tarballs.txt

# nginx reads as an ordinary user.
chmod -R a+rX "$dir/site"
cut -f1 "$dir/published.tsv" > "$dir/keys.txt"
wc -l < "$dir/keys.txt"
