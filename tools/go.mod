module sidenote/tools

go 1.26.0
