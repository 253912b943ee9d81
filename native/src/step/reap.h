/* `tsbuild-sandbox reap PROGRAM ARG...`: runs a program and leaves none of its descendants behind. */
#ifndef REAP_H
#define REAP_H

_Noreturn void reap(char **argv);

#endif
