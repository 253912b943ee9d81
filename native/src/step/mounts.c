/* Mounts for Node, which can't mount: one process for a whole build, because starting mount(8) takes far longer than
 * mounting. */
#include "step/mounts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/mount.h>

#include "base/fail.h"
#include "base/words.h"

struct word {
	char *text;
	size_t room;
};

static const char *argument(struct word *word)
{
	if (!next_word(&word->text, &word->room)) refuse("read words", "the last request is cut");
	return word->text;
}

/* Names in the options are relative to the directory: all of them have to fit in a page. */
static int mount_overlay(const char *directory, const char *options, const char *target)
{
	if (chdir(directory)) return -1;
	int result = mount("overlay", target, "overlay", 0, options), reason = errno;
	/* To stay there would keep the directory's disk busy. */
	if (chdir("/")) fail("chdir", "/");
	errno = reason;
	return result;
}

_Noreturn void serve_mounts(void)
{
	struct word request = {0}, first = {0}, second = {0}, third = {0};
	/* Ctrl-C in a terminal is for the command; this ends with its input. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	puts("ready");
	if (fflush(stdout)) fail("write answers", NULL);
	while (next_word(&request.text, &request.room)) {
		int result;
		if (!strcmp(request.text, "overlay")) {
			const char *directory = argument(&first), *options = argument(&second);
			result = mount_overlay(directory, options, argument(&third));
		} else if (!strcmp(request.text, "tmpfs")) {
			const char *target = argument(&first);
			result = mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, argument(&second));
		} else if (!strcmp(request.text, "unmount")) {
			result = umount2(argument(&first), UMOUNT_NOFOLLOW);
		} else if (!strcmp(request.text, "detach")) {
			result = umount2(argument(&first), UMOUNT_NOFOLLOW | MNT_DETACH);
		} else {
			refuse("read words", "an unknown request");
		}
		printf("%s\n", result ? strerror(errno) : "ok");
		if (fflush(stdout)) fail("write answers", NULL);
	}
	_exit(0);
}
