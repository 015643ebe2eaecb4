"""An update, from the host's metadata to a flipped pointer.

run.py has the lock, and what is noted of errors; under it, following.py is a sync from end to end. update.py tells the
update in the order of the protocol, ladder.py the plans of step 4, download.py step 5, staging.py steps 6 to 9,
packs.py what direct packs make; plan.py and delta_chain.py say what to download. states.py is the table of states that
announcements go by; seed.py installs a tree that the app ships, turn_back.py goes the other way, healing.py mends;
context.py is what all updates of an engine share, results.py what callers get.
"""
