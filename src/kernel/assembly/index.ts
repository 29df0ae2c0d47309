/** The version of the calling convention between kernels and host; a host that expects another one must not run. */
export function abiVersion(): i32 {
  return 1;
}
