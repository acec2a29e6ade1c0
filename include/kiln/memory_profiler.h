// MemoryProfiler: how much memory a piece of work takes, and who holds it.
//
//   kiln::MemoryProfiler profiler;
//   profiler.start();
//   load();
//   profiler.snapshot("loaded");
//   const nlohmann::json report = profiler.report();  // includes <nlohmann/json.hpp> itself
//
// Memory is the resident set of the whole process in MiB. A program that links the object
// kiln_heap_sampler also learns which ten places in its code hold most: every 512 KiB allocated
// with operator new, on average, one allocation is noted with its call stack until it is freed.
// Sizes and counts of a place are estimates from those samples: good to a few percent for what
// holds tens of MiB, no more than a hint below one. Memory from malloc or mmap has no place.
//
// Threading: one thread at a time; the sampler sees the allocations of all threads. One profiler
// runs at a time: start() forgets what the sampler saw before. Ownership: keeps labels and
// snapshots. Cost: off, nothing: without kiln_heap_sampler not an instruction, with it two loads, 1
// ns for a new and its delete. On, measured: 6 ns for a new and its delete, and 3 µs for each
// sample, so 0.6 % of the time of a program that allocates 1 GiB/s. A snapshot: 5 µs. The first
// report reads the program's symbols: milliseconds. bench/micro/profiler_bench.cc measures it.
