pub fn pinch(strength: u64) -> u64 {
    (1..=strength).map(|step| step * SEED).sum()
}

const SEED: u64 = 1;
