/* Everything that depends on the processor: for the one that the helper is compiled for. */
#ifndef ARCH_H
#define ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/user.h>

#if defined __x86_64__
#include "base/arch-x64.h"
#elif defined __aarch64__
#include "base/arch-arm64.h"
#else
#error "only x86_64 and aarch64: the filters read the low halves of arguments, and the structures are theirs"
#endif

#endif
