/* Starts a program as a user who may do nothing: no groups, no capabilities, no_new_privs, and a seccomp filter if its
 * bytes are in a file. Arguments: a number, the file or `-`, the program and its arguments. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int fail(const char *step)
{
	fprintf(stderr, "become: %s: %s\n", step, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	static struct sock_filter code[4096];
	if (argc < 4) return 2;
	uid_t user = (uid_t)atoi(argv[1]);
	for (int capability = 0; !prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); capability++) {
	}
	if (setgroups(0, NULL) || setresgid(user, user, user) || setresuid(user, user, user)) return fail("change user");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return fail("set no_new_privs");
	if (strcmp(argv[2], "-")) {
		int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
		ssize_t size = fd < 0 ? -1 : read(fd, code, sizeof code);
		struct sock_fprog filter = {.len = (unsigned short)(size / (ssize_t)sizeof *code), .filter = code};
		if (size <= 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) return fail("filter calls");
	}
	execv(argv[3], argv + 3);
	return fail(argv[3]);
}
