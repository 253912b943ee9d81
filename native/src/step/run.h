#ifndef RUN_H
#define RUN_H

/* Runs what the spec on descriptor 3 says and ends as it ends: with its exit code, or killed by its signal. */
_Noreturn void run(void);

#endif
