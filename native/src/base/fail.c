#include "base/fail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void complain(const char *step, const char *subject, const char *reason)
{
	char line[1024];
	int n = snprintf(line, sizeof line, "tsbuild-sandbox: %s%s%s: %s", step, subject ? " " : "", subject ? subject : "", reason);
	size_t length = n < 0 ? 0 : (size_t)n < sizeof line - 1 ? (size_t)n : sizeof line - 2;
	/* Names come from images: a terminal must not obey them, and a line must stay one. */
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 127) line[i] = '?';
	line[length] = '\n';
	if (write(STDERR_FILENO, line, length + 1) < 0) return; /* nobody listens: the exit code still says it */
}

void fail(const char *step, const char *subject)
{
	complain(step, subject, strerror(errno));
	_exit(EXIT_FAILED);
}

void refuse(const char *step, const char *reason)
{
	complain(step, NULL, reason);
	_exit(EXIT_FAILED);
}
