"""The rules of the queue: plain values in, plain values out, standard library only."""
