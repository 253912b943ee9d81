#include "step/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <linux/capability.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/fail.h"
#include "base/kernel.h"
#include "step/limits.h"
#include "step/spec.h"

#define JOIN_SESSION_KEYRING 1

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request)) fail("find interface", "lo");
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request)) fail("raise interface", "lo");
	close(fd);
}

void prepare_process(const struct spec *spec)
{
	/* The builder's keys stay with the builder. Where the call is not allowed it isn't for the command either. */
	(void)!syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL);
	/* Without a controlling terminal there is none to type into. Someone's interactive shell keeps it. */
	if (!isatty(STDIN_FILENO)) setsid();
	if (sethostname(spec->hostname, strlen(spec->hostname))) fail("set host name", spec->hostname);
	if (spec->new_network) raise_loopback();
	umask(022);
}

static void set_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &header, sets)) fail("get capabilities", NULL);
	for (int i = 0; i < 2; i++) {
		/* Inheritable ones would come back with exec, whatever the bounding set. */
		sets[i].inheritable = 0;
		sets[i].permitted &= (uint32_t)(keep >> 32 * i);
		sets[i].effective = sets[i].permitted;
	}
	if (syscall(SYS_capset, &header, sets)) fail("set capabilities", NULL);
}

static void drop_bounding(uint64_t keep)
{
	for (unsigned capability = 0; capability < 64; capability++) {
		if (keep >> capability & 1) continue;
		if (!prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)) continue;
		if (errno == EINVAL) return; /* beyond the kernel's last one */
		fail("drop capabilities", NULL);
	}
}

static void become_user(const struct spec *spec)
{
	gid_t groups[MAXIMUM_GROUPS];
	for (size_t i = 0; i < spec->group_count; i++) groups[i] = spec->groups[i];
	if (setgroups(spec->group_count, groups)) fail("set groups", NULL);
	if (setresgid(spec->gid, spec->gid, spec->gid)) fail("set group", NULL);
	/* The filter comes after this. It needs CAP_SYS_ADMIN, or no_new_privs, which would break sudo. Exec drops the kept
	 * capabilities. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)) fail("keep capabilities", NULL);
	if (setresuid(spec->uid, spec->uid, spec->uid)) fail("set user", NULL);
}

static void write_map(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0) fail("write", name);
	close(fd);
}

/* Where there is one id, it is root's. Another user gets it under its own name, one namespace further in. */
static void map_user(const struct spec *spec)
{
	char text[32];
	if (unshare(CLONE_NEWUSER)) fail("make namespace", "user");
	write_map("/proc/self/setgroups", "deny");
	snprintf(text, sizeof text, "%u 0 1", spec->uid);
	write_map("/proc/self/uid_map", text);
	snprintf(text, sizeof text, "%u 0 1", spec->gid);
	write_map("/proc/self/gid_map", text);
}

void drop_privileges(const struct spec *spec)
{
	/* A virtual user's number is in the place of this limit, which is virtual, too. */
	apply_limits(spec->limits, spec->limit_count, has_virtual_users(spec) ? RLIMIT_RTTIME : -1);
	if (spec->map_user) map_user(spec);
	if (spec->has_bounding) drop_bounding(spec->bounding);
	if (spec->has_user && !has_virtual_users(spec) && !spec->map_user) become_user(spec);
	set_capabilities(UINT64_MAX);
}

void drop_without_namespaces(const struct spec *spec)
{
	for (size_t i = 0; i < spec->limit_count; i++)
		if (spec->limits[i].resource != RLIMIT_LOCKS) apply_limits(&spec->limits[i], 1, RLIMIT_RTTIME);
	if (!spec->has_bounding) return;
	/* Only who has CAP_SETPCAP can drop from the bounding set. Without it no_new_privs keeps the rest out. */
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &header, sets)) fail("get capabilities", NULL);
	if (sets[0].effective >> CAP_SETPCAP & 1) drop_bounding(spec->bounding);
	set_capabilities(spec->bounding);
}

void drop_to_step(const struct spec *spec, bool trace)
{
	if (spec->has_bounding) set_capabilities(spec->bounding | (trace ? 1ull << CAP_SYS_PTRACE : 0));
}

void install_filter(const struct spec *spec)
{
	if (!spec->filter_length) return;
	struct sock_fprog program = {.len = (unsigned short)spec->filter_length, .filter = spec->filter};
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) fail("install seccomp filter", NULL);
}
