/* The loader (native/loader), which the helper gives to the kernel as a file in memory. */
extern const char loader_begin[], loader_end[];

#ifdef __x86_64__
__asm__(".section .rodata\n.globl loader_begin, loader_end\nloader_begin:\n.incbin \"loader.bin\"\nloader_end:\n.previous\n");
#else
__asm__(".section .rodata\n.globl loader_begin, loader_end\nloader_begin:\nloader_end:\n.previous\n");
#endif
