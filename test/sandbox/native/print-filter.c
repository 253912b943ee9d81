/* Prints the seccomp program of a virtual root as the kernel would get it. Linked with --wrap=syscall. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../native/src/base/kernel.h"
#include "../../../native/src/virtual-root/virtual-hooks.h"

long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	va_list arguments;
	va_start(arguments, number);
	if (number != SYS_seccomp || va_arg(arguments, int) != SECCOMP_SET_MODE_FILTER) abort();
	(void)va_arg(arguments, unsigned long);
	const struct sock_fprog *program = va_arg(arguments, const struct sock_fprog *);
	va_end(arguments);
	fwrite(program->filter, sizeof *program->filter, program->len, stdout);
	return 0;
}

int main(void) { return install_virtual_hooks(); }
