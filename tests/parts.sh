#!/bin/sh
# Installs, where it can, the parts of the test run that are no Python packages: Chromium and Postfix by apt.
# What stays missing is said here, skipped aloud by the tests that want it, and fails them where CI=true.
set -u

wanted=""
command -v chromium >/dev/null 2>&1 || wanted="$wanted chromium"
[ -z "$wanted" ] && exit 0

if command -v apt-get >/dev/null 2>&1; then
	as_root=""
	[ "$(id -u)" -eq 0 ] || as_root="sudo -n"
	echo "installing$wanted by apt (once)"
	$as_root sh -c "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install $wanted" >/dev/null 2>&1 ||
		echo "apt could not install$wanted"
fi
for part in $wanted; do
	command -v "$part" >/dev/null 2>&1 || echo "missing: $part (its tests are skipped here, and fail where CI=true)"
done
exit 0
