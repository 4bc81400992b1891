// Package maintenance tells whether a moment lies in one of the maintenance windows of a cluster.
//
// A window is a cron expression in the dialect of the Java scheduler Quartz, evaluated in GMT: six or seven fields
// (second, minute, hour, day of month, month, day of week, and optionally year), where Sunday is day 1 of the week,
// exactly one of the two day fields is `?`, ranges may run over their end (`22-2`, `FRI-MON`), and the day fields
// know `L`, `W` and `#`. A window is open in every second the expression matches, so `* * 22-2 * * ?` is open from
// 22:00:00 to 02:59:59.
//
// The package is our own because the Go libraries at hand do not speak that dialect: they refuse ranges that run over
// midnight, take Sunday for day 0, or miss matches of `L` and `W`. Only matching is needed here, never "the next
// time", which is the hard part of a scheduler and is left out. testdata/quartz.txt holds what Quartz itself answers.
package maintenance
