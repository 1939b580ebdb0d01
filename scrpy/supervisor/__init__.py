"""What `manage.py up` runs: scrpy's processes on one machine, kept alive and stopped in order.

family       which programs there are, in the order they start        supervisor   start, watch, stop them all
child        one program, started again whenever it dies              process      one running process and its group
orphans      what a killed child leaves behind                        leash        dies with `up`, whatever ends it
valkey       the embedded queue server                                leases       a dead worker's pages, freed at once
checks       what can be wrong before the first start                 lock         one `up` per SCRPY_HOME
logfile      a child's output, bounded                                terminal     what the person at the keyboard reads
"""
