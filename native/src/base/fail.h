/* Failures: one line on stderr that names the step, what it was about, and the system's reason; then exit 125. */
#ifndef FAIL_H
#define FAIL_H

#define EXIT_FAILED 125

/* Ends with the reason that errno gives. `subject` may be NULL. */
_Noreturn void fail(const char *step, const char *subject);
/* Ends with a reason of our own. */
_Noreturn void refuse(const char *step, const char *reason);
/* The line alone, for where the exit code is another. */
void complain(const char *step, const char *subject, const char *reason);

#endif
