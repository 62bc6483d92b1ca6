import sys,time
from pathlib import Path
from simulator.synthesis.liberty import Library
from simulator.synthesis.yosys import synthesised
from simulator.rtl.array.cell import Cell
from simulator.rtl.array.shape import ArrayShape
for p in ([Path('/tmp/lib/sg13g2.lib')], sorted(Path('/tmp/lib').glob('*RVT*.lib'))):
    l=Library.load(p)
    for stages in (0,1):
        s=ArrayShape(4,4,8,32,stages,1,True,True,True,32,32,32)
        c=Cell(s)
        t=time.time()
        a,b=synthesised(l,c,c.ports)
        pt,pa=b.longest_path(),a.longest_path()
        print(stages,len(a.placed),a.area/l.nand2.area, a.register_area/l.nand2.area, b.area/l.nand2.area, pa.delay/l.fo4.delay,pa.cells,pt.delay/l.fo4.delay,pt.cells, time.time()-t)
        print(a.counts)
