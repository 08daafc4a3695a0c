#!/bin/sh
# Installs, where it can, the parts of the test run that are no Python packages: Chromium and Postfix by apt.
# What stays missing is said here, skipped aloud by the tests that want it, and fails them where CI=true.
set -u

wanted=""
for part in chromium postfix; do
	command -v "$part" >/dev/null 2>&1 || wanted="$wanted $part"
done
[ -z "$wanted" ] && exit 0

if command -v apt-get >/dev/null 2>&1; then
	as_root=""
	[ "$(id -u)" -eq 0 ] || as_root="sudo -n"
	echo "installing$wanted by apt (once)"
	# Postfix asks what kind of system this is and would start its service. The tests bring their own configuration, so
	# it gets none, and for the time of installing a policy that starts no service, if there is no policy already.
	$as_root sh -c "
		export DEBIAN_FRONTEND=noninteractive
		policy=/usr/sbin/policy-rc.d
		if [ ! -e \$policy ]; then
			trap 'rm -f '\$policy EXIT
			printf '#!/bin/sh\nexit 101\n' >\$policy && chmod 755 \$policy
		fi
		apt-get -qq update
		echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
		for part in $wanted; do apt-get -qq -y install \$part; done
	" >/dev/null 2>&1
fi
for part in $wanted; do
	command -v "$part" >/dev/null 2>&1 || echo "missing: $part (its tests are skipped here, and fail where CI=true)"
done
exit 0
