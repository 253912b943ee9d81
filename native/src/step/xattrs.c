/* security.capability for Node, which has no API for extended attributes. */
#include "step/xattrs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/fail.h"
#include "base/kernel.h"
#include "ownership/owners.h"
#include "base/words.h"

#define ATTRIBUTE "security.capability"

struct link {
	char path[32];
};

static int open_root(const char *root)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) fail("open", root);
	return fd;
}

/* The file itself: no link is followed, nothing outside the root is reached. -1 with errno. */
static int open_file(int root, const char *name, struct link *link)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	int fd = (int)syscall(SYS_openat2, root, name, &how, sizeof how);
	snprintf(link->path, sizeof link->path, "/proc/self/fd/%d", fd);
	return fd;
}

static _Noreturn void finish(void)
{
	if (fflush(stdout) || ferror(stdout)) fail("write answers", NULL);
	_exit(0);
}

void get_capabilities(const char *root_name)
{
	int root = open_root(root_name);
	char *name = NULL;
	size_t room = 0;
	while (next_word(&name, &room)) {
		struct link link;
		uint8_t value[256];
		int fd = open_file(root, name, &link);
		ssize_t n = fd < 0 ? -1 : getxattr(link.path, ATTRIBUTE, value, sizeof value);
		if (n < 0 && errno != ENODATA && errno != ENOTSUP) printf("!%s", strerror(errno));
		for (ssize_t i = 0; i < n; i++) printf("%02x", value[i]);
		putchar('\n');
		if (fd >= 0) close(fd);
	}
	finish();
}

/* Only programs have capabilities; false with errno. */
static bool is_regular(int fd)
{
	struct stat st;
	if (fstat(fd, &st)) return false;
	errno = EINVAL;
	return S_ISREG(st.st_mode);
}

/* Bytes, or -1 for what isn't hexadecimal. */
static int parse_hex(const char *text, uint8_t to[MAXIMUM_CAPABILITY])
{
	size_t length = strlen(text);
	if (length % 2 || length > 2 * MAXIMUM_CAPABILITY || text[strspn(text, "0123456789abcdef")]) return -1;
	for (size_t i = 0; i < length; i += 2) {
		char digits[3] = {text[i], text[i + 1], 0};
		to[i / 2] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return (int)length / 2;
}

void set_capabilities(const char *root_name)
{
	int root = open_root(root_name);
	char *name = NULL, *hex = NULL;
	size_t name_room = 0, hex_room = 0;
	while (next_word(&name, &name_room)) {
		struct link link;
		uint8_t value[MAXIMUM_CAPABILITY];
		if (!next_word(&hex, &hex_room)) refuse("read names", "a name without a value");
		int length = parse_hex(hex, value), fd = -1, result = -1;
		if (length < 0) errno = EINVAL;
		else if ((fd = open_file(root, name, &link)) >= 0 && is_regular(fd))
			result = length ? setxattr(link.path, ATTRIBUTE, value, (size_t)length, 0) : removexattr(link.path, ATTRIBUTE);
		if (result && !(length == 0 && errno == ENODATA)) printf("!%s", strerror(errno));
		putchar('\n');
		if (fd >= 0) close(fd);
	}
	finish();
}
