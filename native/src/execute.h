#ifndef EXECUTE_H
#define EXECUTE_H

struct spec;

/* Becomes the command: its filter, clean signals, no descriptors but 0, 1 and 2. 127 if there is no such program, 126 if it can't be run. */
_Noreturn void execute(const struct spec *spec);

#endif
