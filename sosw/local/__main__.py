from sosw.local.cli import main

main()
