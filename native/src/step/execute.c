#include "step/execute.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/kernel.h"
#include "step/privileges.h"
#include "step/spec.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *search_path(char *const *env)
{
	for (; *env; env++)
		if (!strncmp(*env, "PATH=", 5)) return *env + 5;
	return DEFAULT_PATH;
}

/* As execvp does, with the PATH of the command's own environment; returns with errno. */
static void execute_from_path(const struct spec *spec)
{
	const char *name = spec->args[0], *path = search_path(spec->env);
	bool refused = false;
	char file[PATH_MAX];
	for (;;) {
		size_t length = strcspn(path, ":");
		int n = length ? snprintf(file, sizeof file, "%.*s/%s", (int)length, path, name) : snprintf(file, sizeof file, "./%s", name);
		if (n > 0 && (size_t)n < sizeof file) execve(file, spec->args, spec->env);
		if (errno == EACCES) refused = true;
		else if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG) return;
		if (!path[length]) break;
		path += length + 1;
	}
	errno = refused ? EACCES : ENOENT;
}

void execute(const struct spec *spec)
{
	sigset_t none;
	for (int signal = 1; signal < NSIG; signal++) {
		struct sigaction action = {.sa_handler = SIG_DFL};
		sigaction(signal, &action, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close_from(3);
	install_filter(spec);
	if (!spec->args[0][0]) errno = ENOENT;
	else if (strchr(spec->args[0], '/')) execve(spec->args[0], spec->args, spec->env);
	else execute_from_path(spec);
	int reason = errno;
	complain("execute", spec->args[0], strerror(reason));
	_exit(reason == ENOENT || reason == ENOTDIR ? 127 : 126);
}
