#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/file.h>

#include "base/fail.h"

#define SHARED 3

_Noreturn void sync_filesystem(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0) fail("open", path);
	if (syncfs(file)) fail("syncfs", path);
	_exit(0);
}

_Noreturn void lock_file(int wait)
{
	while (flock(SHARED, wait ? LOCK_EX : LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK) _exit(1);
		if (errno != EINTR) fail("flock", NULL);
	}
	_exit(0);
}
