;; The exact scores of the rows of one segment (site/content/format.md, section 4.2), from their vectors as they lie.
;; 128-bit SIMD without its relaxed part, so that every machine gives the same integers.
;; kernel.mjs holds the binary; tests/unit/js/search/kernel.test.mjs builds it anew and compares.
(module
  (import "vademecum" "memory" (memory 1))
  ;; Of each row i: scores[i] = scales[i] * the sum of query * component.
  ;; The query is 0 behind the last dimension, so a row may be read as if it filled its last block of 16.
  (func (export "scores")
    (param $row i32) (param $width i32)    ;; int8: where they begin, and how many a row has
    (param $query i32)                     ;; int16 of each component
    (param $scale i32)                     ;; u16 of each row
    (param $score i32) (param $end i32)    ;; f64 of each row, one at least; behind the last
    (local $at i32) (local $stop i32) (local $part i32) (local $sum v128)
    (loop $rows
      (local.set $at (local.get $row))
      (local.set $row (local.tee $stop (i32.add (local.get $row) (local.get $width))))
      (local.set $part (local.get $query))
      (local.set $sum (v128.const i64x2 0 0))
      (loop $blocks
        (local.set $sum (i32x4.add (local.get $sum) (i32x4.add
          (i32x4.dot_i16x8_s (v128.load (local.get $part)) (v128.load8x8_s (local.get $at)))
          (i32x4.dot_i16x8_s (v128.load offset=16 (local.get $part)) (v128.load8x8_s offset=8 (local.get $at))))))
        (local.set $part (i32.add (local.get $part) (i32.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $blocks (i32.lt_u (local.get $at) (local.get $stop))))
      (local.set $sum (i32x4.add (local.get $sum)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $sum) (local.get $sum))))
      (f64.store (local.get $score) (f64.mul
        (f64.convert_i32_u (i32.load16_u (local.get $scale)))
        (f64.convert_i32_s
          (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum))))))
      (local.set $scale (i32.add (local.get $scale) (i32.const 2)))
      (local.set $score (i32.add (local.get $score) (i32.const 8)))
      (br_if $rows (i32.lt_u (local.get $score) (local.get $end)))))

  ;; passes.mjs has the same in JavaScript, and says what each is for. Arrays are where they begin, the first has `count` entries.
  ;; Near rows without a branch, which a processor would guess wrong: each row is written, and the next one over it.
  (func (export "turn")
    (param $count i32) (param $owner i32) (param $score i32) (param $sums i32) (param $near i32) (param $least f64)
    (param $most i32) (result i32)
    (local $of i32) (local $row i32) (local $out i32) (local $value f64) (local $highest f64)
    (local.set $out (local.get $near))
    (if (local.get $count) (then (loop $rows
      (local.set $of (i32.load (local.get $owner)))
      (local.set $value (f64.load (local.get $score)))
      (if (i32.lt_s (local.get $of) (i32.const 0))
        (then (f64.store (local.get $score) (local.tee $value (f64.const 0))))
        (else
          (local.set $of (i32.add (local.get $sums) (i32.shl (local.get $of) (i32.const 3))))
          (f64.store (local.get $of) (f64.add (f64.load (local.get $of)) (local.get $value)))
          (if (f64.gt (local.get $value) (local.get $highest)) (then (local.set $highest (local.get $value))))))
      (i32.store (local.get $out) (local.get $row))
      (local.set $out (i32.add (local.get $out) (i32.shl (f64.ge (local.get $value) (local.get $least)) (i32.const 2))))
      (local.set $owner (i32.add (local.get $owner) (i32.const 4)))
      (local.set $score (i32.add (local.get $score) (i32.const 8)))
      (br_if $rows (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 1))) (local.get $count))))))
    (f64.store (local.get $most) (local.get $highest))
    (i32.shr_u (i32.sub (local.get $out) (local.get $near)) (i32.const 2)))

  (func (export "pick")
    (param $count i32) (param $at i32) (param $scores i32) (param $slots i32) (param $owners i32) (param $bound f64)
    (param $picked i32) (param $held i32) (result i32) (local $row i32) (local $start i32)
    (local.set $start (local.get $picked))
    (if (local.get $count) (then (loop $next
      (i32.store (local.get $picked) (local.tee $row (i32.load (local.get $at))))
      (local.set $row (i32.shl (local.get $row) (i32.const 2)))
      (i32.store (local.get $held) (i32.load (i32.add (local.get $owners) (local.get $row))))
      (local.set $row (i32.shl (i32.and
        (i32.eqz (i32.load (i32.add (local.get $slots) (local.get $row))))
        (f64.ge (f64.load (i32.add (local.get $scores) (i32.shl (local.get $row) (i32.const 1)))) (local.get $bound)))
        (i32.const 2)))
      (local.set $picked (i32.add (local.get $picked) (local.get $row)))
      (local.set $held (i32.add (local.get $held) (local.get $row)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (i32.shr_u (i32.sub (local.get $picked) (local.get $start)) (i32.const 2)))

  (func (export "tally")
    (param $count i32) (param $at i32) (param $counts i32) (param $most i32) (result i32)
    (local $place i32)
    (memory.fill (local.get $counts) (i32.const 0) (i32.const 16384))
    (if (local.get $count) (then (loop $next
      (local.set $place (i32.trunc_sat_f64_s (f64.mul (f64.const 1024) (f64.load (local.get $at)))))
      (local.set $place (select (i32.const 4095) (local.get $place) (i32.gt_s (local.get $place) (i32.const 4095))))
      (local.set $place (i32.add (local.get $counts) (i32.shl
        (select (i32.const 0) (local.get $place) (i32.lt_s (local.get $place) (i32.const 0))) (i32.const 2))))
      (i32.store (local.get $place) (i32.add (i32.load (local.get $place)) (i32.const 1)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (local.set $place (i32.const 4096))
    (loop $down
      (if (i32.and (i32.ne (local.get $place) (i32.const 0)) (i32.gt_s (local.get $most) (i32.const 0))) (then
        (local.set $place (i32.sub (local.get $place) (i32.const 1)))
        (local.set $most (i32.sub (local.get $most)
          (i32.load (i32.add (local.get $counts) (i32.shl (local.get $place) (i32.const 2))))))
        (br $down))))
    (local.get $place))

  (func (export "take")
    (param $count i32) (param $at i32) (param $totals i32) (param $picked i32) (param $least f64) (param $scores i32)
    (result i32) (local $row i32) (local $out i32) (local $value f64)
    (local.set $out (local.get $picked))
    (if (local.get $count) (then (loop $next
      (if (f64.ge (local.tee $value (f64.load (local.get $totals))) (local.get $least)) (then
        (i32.store (local.get $out) (local.tee $row (i32.load (local.get $at))))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (f64.store (i32.add (local.get $scores) (i32.shl (local.get $row) (i32.const 3))) (local.get $value))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (local.set $totals (i32.add (local.get $totals) (i32.const 8)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (i32.shr_u (i32.sub (local.get $out) (local.get $picked)) (i32.const 2)))

  (func (export "owning")
    (param $count i32) (param $at i32) (param $seen i32) (param $found i32) (result i32) (local $of i32) (local $out i32)
    (local.set $out (local.get $found))
    (if (local.get $count) (then (loop $next
      (i32.store (local.get $out) (local.tee $of (i32.load (local.get $at))))
      (local.set $of (i32.add (local.get $seen) (i32.shl (local.get $of) (i32.const 2))))
      (local.set $out (i32.add (local.get $out) (i32.shl (i32.eqz (i32.load (local.get $of))) (i32.const 2))))
      (i32.store (local.get $of) (i32.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (i32.shr_u (i32.sub (local.get $out) (local.get $found)) (i32.const 2)))

  (func (export "fuse")
    (param $count i32) (param $at i32) (param $out i32) (param $score i32) (param $sums i32) (param $bounds i32)
    (param $held i32) (param $said i32) (param $pages i32) (param $titles i32) (param $unit f64)
    (param $own f64) (param $page f64) (param $share f64) (param $paged f64) (param $titled f64)
    (param $meant i32) (local $of i32) (local $value f64)
    (if (local.get $count) (then (loop $rows
      (local.set $of (i32.shl (i32.load (local.get $held)) (i32.const 3)))
      (f64.store (local.get $meant)
        (f64.load (i32.add (local.get $score) (i32.shl (i32.load (local.get $at)) (i32.const 3)))))
      (local.set $value (f64.div
        (f64.add
          (f64.mul (local.get $own)
            (f64.div (f64.load (local.get $meant)) (local.get $unit)))
          (f64.mul (local.get $page)
            (f64.div
              (f64.div
                (f64.load (i32.add (local.get $sums) (local.get $of)))
                (f64.convert_i32_u (i32.sub
                  (i32.load offset=4 (i32.add (local.get $bounds) (i32.shr_u (local.get $of) (i32.const 1))))
                  (i32.load (i32.add (local.get $bounds) (i32.shr_u (local.get $of) (i32.const 1)))))))
              (local.get $unit))))
        (f64.add (local.get $own) (local.get $page))))
      (local.set $value (f64.add
        (f64.add (local.get $value)
          (f64.mul (local.get $share) (f64.load (local.get $said))))
        (f64.add
          (f64.mul (local.get $paged) (f64.load (i32.add (local.get $pages) (local.get $of))))
          (f64.mul (local.get $titled) (f64.load (i32.add (local.get $titles) (local.get $of)))))))
      (f64.store (local.get $out) (local.get $value))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (local.set $meant (i32.add (local.get $meant) (i32.const 8)))
      (local.set $said (i32.add (local.get $said) (i32.const 8)))
      (local.set $held (i32.add (local.get $held) (i32.const 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $rows (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))))

  (func (export "count")
    (param $count i32) (param $at i32) (param $times i32) (param $start i32) (param $slots i32) (param $owners i32)
    (param $lengths i32) (param $rows i32) (param $held i32) (param $norms i32) (param $counts i32) (param $having i32)
    (param $found i32) (param $used i32) (param $k f64) (param $base f64) (param $slope f64) (param $mean f64) (result i32)
    (local $row i32) (local $slot i32) (local $of i32) (local $out i32) (local $next i32)
    (local.set $next (i32.load (local.get $used)))
    (local.set $out (i32.add (local.get $having) (i32.shl (local.get $found) (i32.const 2))))
    (if (local.get $count) (then (loop $more
      (block $dead
        (local.set $row (i32.add (local.get $start) (i32.load (local.get $at))))
        (local.set $of (i32.shl (local.get $row) (i32.const 2)))
        (if (i32.eqz (local.tee $slot (i32.load (i32.add (local.get $slots) (local.get $of))))) (then
          (br_if $dead (i32.lt_s (local.tee $slot (i32.load (i32.add (local.get $owners) (local.get $of)))) (i32.const 0)))
          (i32.store (i32.add (local.get $held) (i32.shl (local.get $next) (i32.const 2))) (local.get $slot))
          (i32.store (i32.add (local.get $rows) (i32.shl (local.get $next) (i32.const 2))) (local.get $row))
          (f64.store (i32.add (local.get $norms) (i32.shl (local.get $next) (i32.const 3)))
            (f64.mul (local.get $k) (f64.add (local.get $base) (f64.mul (local.get $slope) (f64.div
              (f64.convert_i32_u (i32.load (i32.add (local.get $lengths) (local.get $of)))) (local.get $mean))))))
          (local.set $next (local.tee $slot (i32.add (local.get $next) (i32.const 1))))
          (i32.store (i32.add (local.get $slots) (local.get $of)) (local.get $slot))))
        (i32.store (local.get $out) (local.tee $slot (i32.sub (local.get $slot) (i32.const 1))))
        (local.set $slot (i32.add (local.get $counts) (i32.shl (local.get $slot) (i32.const 2))))
        (local.set $of (i32.load (local.get $slot)))
        (local.set $out (i32.add (local.get $out) (i32.shl (i32.eqz (local.get $of)) (i32.const 2))))
        (i32.store (local.get $slot) (i32.add (local.get $of) (i32.load16_u (local.get $times)))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (local.set $times (i32.add (local.get $times) (i32.const 2)))
      (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (i32.store (local.get $used) (local.get $next))
    (i32.shr_u (i32.sub (local.get $out) (local.get $having)) (i32.const 2)))

  (func (export "weigh")
    (param $count i32) (param $at i32) (param $counts i32) (param $norms i32) (param $best i32) (param $touched i32)
    (param $found i32) (param $k f64) (param $weight f64) (param $worth f64) (param $sum i32) (result i32)
    (local $row i32) (local $often f64) (local $out i32)
    (local.set $out (i32.add (local.get $touched) (i32.shl (local.get $found) (i32.const 2))))
    (if (local.get $count) (then (loop $next
      (i32.store (local.get $out) (local.tee $row (i32.load (local.get $at))))
      (local.set $row (i32.shl (local.get $row) (i32.const 2)))
      (local.set $found (i32.add (local.get $counts) (local.get $row)))
      (local.set $often (f64.convert_i32_u (i32.load (local.get $found))))
      (i32.store (local.get $found) (i32.const 0))
      (local.set $row (i32.shl (local.get $row) (i32.const 1)))
      (local.set $found (i32.add (local.get $best) (local.get $row)))
      (local.set $out (i32.add (local.get $out)
        (i32.shl (f64.eq (f64.load (local.get $found)) (f64.const 0)) (i32.const 2))))
      (local.set $often (f64.mul (local.get $worth) (f64.mul (local.get $weight)
        (f64.div (f64.mul (local.get $often) (local.get $k))
          (f64.add (local.get $often) (f64.load (i32.add (local.get $norms) (local.get $row))))))))
      (if (local.get $sum)
        (then (f64.store (local.get $found) (f64.add (f64.load (local.get $found)) (local.get $often))))
        (else (if (f64.gt (local.get $often) (f64.load (local.get $found)))
          (then (f64.store (local.get $found) (local.get $often))))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (i32.shr_u (i32.sub (local.get $out) (local.get $touched)) (i32.const 2)))

  (func (export "add")
    (param $count i32) (param $at i32) (param $best i32) (param $scores i32) (param $most i32)
    (local $slot i32) (local $its i32) (local $value f64) (local $highest f64)
    (local.set $highest (f64.load (local.get $most)))
    (if (local.get $count) (then (loop $next
      (local.set $slot (i32.shl (i32.load (local.get $at)) (i32.const 3)))
      (local.set $its (i32.add (local.get $best) (local.get $slot)))
      (local.set $slot (i32.add (local.get $scores) (local.get $slot)))
      (f64.store (local.get $slot) (local.tee $value (f64.add (f64.load (local.get $slot)) (f64.load (local.get $its)))))
      (f64.store (local.get $its) (f64.const 0))
      (if (f64.gt (local.get $value) (local.get $highest)) (then (local.set $highest (local.get $value))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (f64.store (local.get $most) (local.get $highest)))

  (func (export "have")
    (param $count i32) (param $at i32) (param $owners i32) (param $best i32) (param $touched i32) (param $found i32)
    (param $weight f64) (result i32) (local $of i32) (local $out i32) (local $value f64)
    (local.set $out (i32.add (local.get $touched) (i32.shl (local.get $found) (i32.const 2))))
    (if (local.get $count) (then (loop $next
      (i32.store (local.get $out) (local.tee $of
        (i32.load (i32.add (local.get $owners) (i32.shl (i32.load (local.get $at)) (i32.const 2))))))
      (local.set $of (i32.add (local.get $best) (i32.shl (local.get $of) (i32.const 3))))
      (local.set $value (f64.load (local.get $of)))
      (local.set $out (i32.add (local.get $out) (i32.shl (f64.eq (local.get $value) (f64.const 0)) (i32.const 2))))
      (f64.store (local.get $of) (f64.max (local.get $value) (local.get $weight)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (i32.shr_u (i32.sub (local.get $out) (local.get $touched)) (i32.const 2)))

  (func (export "sum")
    (param $count i32) (param $scores i32) (param $owners i32) (param $pages i32) (param $most i32)
    (local $page i32) (local $value f64) (local $highest f64) (local $highestPage f64)
    (if (local.get $count) (then (loop $next
      (local.set $value (f64.load (local.get $scores)))
      (if (f64.gt (local.get $value) (local.get $highest)) (then (local.set $highest (local.get $value))))
      (local.set $page (i32.add (local.get $pages) (i32.shl (i32.load (local.get $owners)) (i32.const 3))))
      (f64.store (local.get $page) (local.tee $value (f64.add (f64.load (local.get $page))
        (f64.floor (f64.mul (local.get $value) (f64.const 65536))))))
      (if (f64.gt (local.get $value) (local.get $highestPage)) (then (local.set $highestPage (local.get $value))))
      (local.set $scores (i32.add (local.get $scores) (i32.const 8)))
      (local.set $owners (i32.add (local.get $owners) (i32.const 4)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
    (f64.store (local.get $most) (local.get $highest))
    (f64.store offset=8 (local.get $most) (local.get $highestPage)))

  ;; How many of the rows that are asked about come before: those of parts above, then as many as are found by comparing.
  (func (export "rank")
    (param $count i32) (param $at i32) (param $asked i32) (param $values i32) (param $scores i32) (param $ids i32)
    (param $before i32) (param $first i32) (param $least f64) (param $factor f64)
    (local $low i32) (local $value f64) (local $its f64)
    (if (local.get $count) (then (loop $next
      (local.set $value (f64.load (local.get $scores)))
      (if (f64.ge (local.get $value) (local.get $least)) (then ;; else it comes behind all that are asked about
        (local.set $low (i32.load offset=4 (i32.add (local.get $first) (i32.shl (i32.trunc_sat_f64_s
          (f64.min (f64.const 1023)
            (f64.mul (f64.sub (local.get $value) (local.get $least)) (local.get $factor)))) (i32.const 2)))))
        (block $there (loop $more
          (local.set $its (f64.load (i32.add (local.get $values) (i32.shl (local.get $low) (i32.const 3)))))
          (br_if $there (f64.lt (local.get $its) (local.get $value)))
          (if (f64.eq (local.get $its) (local.get $value)) (then
            (br_if $there (i64.ge_u
              (i64.load (i32.add (local.get $ids)
                (i32.shl (i32.load (i32.add (local.get $asked) (i32.shl (local.get $low) (i32.const 2)))) (i32.const 3))))
              (i64.load (i32.add (local.get $ids) (i32.shl (i32.load (local.get $at)) (i32.const 3))))))))
          (local.set $low (i32.add (local.get $low) (i32.const 1)))
          (br $more)))
        (local.set $low (i32.add (local.get $before) (i32.shl (local.get $low) (i32.const 2))))
        (i32.store (local.get $low) (i32.add (i32.load (local.get $low)) (i32.const 1)))))
      (local.set $scores (i32.add (local.get $scores) (i32.const 8)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))))

  ;; Of the letters how many are found behind a text where so many were before it; all where it has what is not ASCII.
  (func $read (param $count i32) (param $letters i32) (param $back i32) (param $found i32) (param $bytes i32) (param $from i32)
    (param $to i32) (result i32) (local $letter i32)
    (block $end (loop $next
      (br_if $end (i32.or (i32.ge_u (local.get $from) (local.get $to)) (i32.ge_u (local.get $found) (local.get $count))))
      (local.set $letter (i32.load8_u (i32.add (local.get $bytes) (local.get $from))))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (if (i32.gt_u (local.get $letter) (i32.const 127)) (then (return (local.get $count))))
      (if (i32.lt_u (i32.sub (local.get $letter) (i32.const 65)) (i32.const 26))
        (then (local.set $letter (i32.add (local.get $letter) (i32.const 32)))))
      (br_if $next (i32.and (i32.gt_u (i32.sub (local.get $letter) (i32.const 97)) (i32.const 25))
        (i32.gt_u (i32.sub (local.get $letter) (i32.const 48)) (i32.const 9))))
      (block $there (loop $again
        (if (i32.eq (local.get $letter) (i32.load (i32.add (local.get $letters) (i32.shl (local.get $found) (i32.const 2))))) (then
          (local.set $found (i32.add (local.get $found) (i32.const 1)))
          (br $there)))
        (br_if $there (i32.eqz (local.get $found)))
        (local.set $found (i32.load (i32.add (local.get $back) (i32.shl (local.get $found) (i32.const 2)))))
        (br $again)))
      (br $next)))
    (local.get $found))

  (func (export "holds")
    (param $count i32) (param $letters i32) (param $back i32)
    (param $titles i32) (param $title i32) (param $behindTitle i32) (param $headings i32) (param $heading i32) (param $behindHeading i32)
    (param $texts i32) (param $text i32) (param $behindText i32) (result i32)
    (i32.eq (local.get $count) (call $read (local.get $count) (local.get $letters) (local.get $back)
      (call $read (local.get $count) (local.get $letters) (local.get $back)
        (call $read (local.get $count) (local.get $letters) (local.get $back) (i32.const 0)
          (local.get $titles) (local.get $title) (local.get $behindTitle))
        (local.get $headings) (local.get $heading) (local.get $behindHeading))
      (local.get $texts) (local.get $text) (local.get $behindText))))

  ;; By Shell's method, of gaps that are 4/9 of the last.
  (func (export "sort")
    (param $count i32) (param $rows i32) (param $scores i32) (param $ids i32)
    (local $gap i32) (local $end i32) (local $at i32) (local $to i32) (local $row i32) (local $value f64) (local $before i32)
    (local.set $gap (local.get $count))
    (local.set $end (i32.add (local.get $rows) (i32.shl (local.get $count) (i32.const 2))))
    (loop $gaps
      (local.set $gap (i32.div_u (i32.add (i32.shl (local.get $gap) (i32.const 2)) (i32.const 4)) (i32.const 9)))
      (local.set $at (i32.add (local.get $rows) (i32.shl (local.get $gap) (i32.const 2))))
      (if (i32.and (local.get $gap) (i32.lt_u (local.get $at) (local.get $end))) (then (loop $next
        (local.set $row (i32.load (local.get $at)))
        (local.set $value (f64.load (i32.add (local.get $scores) (i32.shl (local.get $row) (i32.const 3)))))
        (local.set $to (local.get $at))
        (block $there (loop $down
          (local.set $before (i32.sub (local.get $to) (i32.shl (local.get $gap) (i32.const 2))))
          (br_if $there (i32.lt_u (local.get $before) (local.get $rows)))
          (br_if $there (call $first (i32.load (local.get $before)) (local.get $row)
            (f64.load (i32.add (local.get $scores) (i32.shl (i32.load (local.get $before)) (i32.const 3))))
            (local.get $value) (local.get $ids)))
          (i32.store (local.get $to) (i32.load (local.get $before)))
          (local.set $to (local.get $before))
          (br $down)))
        (i32.store (local.get $to) (local.get $row))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))))
      (br_if $gaps (i32.gt_u (local.get $gap) (i32.const 1)))))

  ;; Whether a row comes before another: it has more, or as much and a lower id.
  (func $first (param $row i32) (param $other i32) (param $its f64) (param $value f64) (param $ids i32) (result i32)
    (if (result i32) (f64.eq (local.get $its) (local.get $value))
      (then (i64.lt_u
        (i64.load (i32.add (local.get $ids) (i32.shl (local.get $row) (i32.const 3))))
        (i64.load (i32.add (local.get $ids) (i32.shl (local.get $other) (i32.const 3))))))
      (else (f64.gt (local.get $its) (local.get $value))))))
