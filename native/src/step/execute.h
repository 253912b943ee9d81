#ifndef EXECUTE_H
#define EXECUTE_H

struct spec;

/* Becomes the command, with its filter, default signals and descriptors 0, 1 and 2 only. Exits with 127 if there is no
 * such program, 126 if it can't be executed. */
_Noreturn void execute(const struct spec *spec);

#endif
