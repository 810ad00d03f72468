#![no_std]
extern crate alloc;
use alloc::{collections::BTreeMap, string::String, vec::Vec, format};
use core::alloc::{GlobalAlloc, Layout};
struct Bump;
static mut NEXT: usize = 0;
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 { unsafe {
        if NEXT == 0 { NEXT = core::arch::wasm32::memory_size(0) * 65536; }
        let at = (NEXT + layout.align() - 1) & !(layout.align() - 1);
        let end = at + layout.size();
        let have = core::arch::wasm32::memory_size(0) * 65536;
        if end > have && core::arch::wasm32::memory_grow(0, (end - have + 65535) / 65536) == usize::MAX { return core::ptr::null_mut(); }
        NEXT = end;
        at as *mut u8
    } }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
#[global_allocator]
static A: Bump = Bump;
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { core::arch::wasm32::unreachable() }

trait Shape { fn area(&self) -> f64; fn name(&self) -> String; }
struct Square(f64); struct Circle(f32);
impl Shape for Square { fn area(&self) -> f64 { self.0 * self.0 } fn name(&self) -> String { format!("square {:.2}", self.0) } }
impl Shape for Circle { fn area(&self) -> f64 { (self.0 as f64) * (self.0 as f64) * 3.25 } fn name(&self) -> String { format!("circle {:?}", self.0) } }

#[unsafe(no_mangle)]
pub extern "C" fn words(seed: u32, count: u32) -> u64 {
    let mut map: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut x = seed | 1;
    for i in 0..count {
        x ^= x << 13; x ^= x >> 17; x ^= x << 5;
        map.entry(format!("w{}", x % 97)).or_default().push(i);
    }
    let mut sum = 0u64;
    for (k, v) in &map { for b in k.bytes() { sum = sum.wrapping_mul(31).wrapping_add(b as u64); } sum = sum.wrapping_add(v.iter().map(|n| *n as u64).sum::<u64>()); }
    sum
}
#[unsafe(no_mangle)]
pub extern "C" fn shapes(n: u32) -> f64 {
    let list: Vec<alloc::boxed::Box<dyn Shape>> = (0..n).map(|i| -> alloc::boxed::Box<dyn Shape> { if i % 3 == 0 { alloc::boxed::Box::new(Square(i as f64 / 3.0)) } else { alloc::boxed::Box::new(Circle(i as f32)) } }).collect();
    list.iter().map(|s| s.area() + s.name().len() as f64).sum()
}
#[unsafe(no_mangle)]
pub extern "C" fn clamp(x: f64) -> i32 { x as i32 }
