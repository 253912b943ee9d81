/* The parts of the loader that depend on the processor: how a call is made, where a signal's handler finds registers,
 * how a program begins. */
#ifndef LOADER_ARCH_H
#define LOADER_ARCH_H

#if defined __x86_64__
#include "arch-x64.h"
#elif defined __aarch64__
#include "arch-arm64.h"
#else
#error "only x86_64 and aarch64"
#endif

#endif
