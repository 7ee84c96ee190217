#[no_mangle]
pub extern "C" fn crab_pinch(strength: u64) -> u64 {
    claw::pinch(strength)
}
