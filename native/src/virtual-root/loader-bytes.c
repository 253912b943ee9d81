/* The loader (native/loader), which the helper gives to the kernel as a file in memory. */
extern const char loader_begin[], loader_end[];

__asm__(".section .rodata\n.globl loader_begin, loader_end\nloader_begin:\n.incbin \"loader.bin\"\nloader_end:\n.previous\n");
