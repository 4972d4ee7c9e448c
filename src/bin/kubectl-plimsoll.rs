//! The same as `plimsoll`, found by kubectl as `kubectl plimsoll`.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    plimsoll::cli::run("kubectl plimsoll")
}
