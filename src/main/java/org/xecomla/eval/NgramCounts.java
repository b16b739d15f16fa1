package org.xecomla.eval;

import java.util.Arrays;

/**
 * Which n-grams up to an order occur in token streams, how often, and in how many left contexts.
 *
 * <p>A trie with suffix links: node of w1..wn is a child of w1..w(n-1) by token wn, and its suffix is the node of
 * w2..wn. Node 0 is the empty n-gram. As a stream is read, the node of order n at position i is the child by token i of
 * the node of order n - 1 at position i - 1, so that a position costs one look-up an order.
 */
final class NgramCounts {
    static final int ROOT = 0;
    static final int ABSENT = -1;
    private static final long EMPTY = -1;
    private static final int INITIAL_CAPACITY = 1 << 12;

    private final int maxOrder;
    private int numNodes = 1;
    private int[] parents = new int[INITIAL_CAPACITY];
    private int[] suffixes = new int[INITIAL_CAPACITY];
    private byte[] orders = new byte[INITIAL_CAPACITY];
    private long[] counts = new long[INITIAL_CAPACITY];

    // Open addressing: (parent, token) to node.
    private long[] keys = new long[2 * INITIAL_CAPACITY];
    private int[] nodes = new int[2 * INITIAL_CAPACITY];

    NgramCounts(int maxOrder) {
        if (maxOrder < 1 || maxOrder > Byte.MAX_VALUE) {
            throw new IllegalArgumentException("n-grams of order " + maxOrder);
        }
        this.maxOrder = maxOrder;
        Arrays.fill(keys, EMPTY);
    }

    /** Counts all n-grams of one stream; none reaches into another stream. */
    void add(int[] stream) {
        int[] nodeOfOrder = new int[maxOrder + 1]; // node of the last n tokens
        for (int i = 0; i < stream.length; i++) {
            int longest = Math.min(i + 1, maxOrder);
            for (int n = longest; n >= 1; n--) {
                nodeOfOrder[n] = childOrNew(nodeOfOrder[n - 1], stream[i], n);
                counts[nodeOfOrder[n]]++;
            }
            for (int n = 1; n <= longest; n++) {
                suffixes[nodeOfOrder[n]] = nodeOfOrder[n - 1];
            }
        }
    }

    int maxOrder() {
        return maxOrder;
    }

    int numNodes() {
        return numNodes;
    }

    int order(int node) {
        return orders[node];
    }

    int parent(int node) {
        return parents[node];
    }

    /** Node of the n-gram without its first token. */
    int suffix(int node) {
        return suffixes[node];
    }

    /** How often the n-gram occurs. */
    long count(int node) {
        return counts[node];
    }

    /** Node of {@code context} followed by {@code token}, or {@link #ABSENT}. */
    int child(int context, int token) {
        int slot = slot(keys, key(context, token));
        return keys[slot] == EMPTY ? ABSENT : nodes[slot];
    }

    private int childOrNew(int context, int token, int order) {
        long key = key(context, token);
        int slot = slot(keys, key);
        if (keys[slot] != EMPTY) {
            return nodes[slot];
        }
        if (numNodes == parents.length) {
            grow();
            slot = slot(keys, key);
        }
        int node = numNodes++;
        keys[slot] = key;
        nodes[slot] = node;
        parents[node] = context;
        orders[node] = (byte) order;
        return node;
    }

    private void grow() {
        int capacity = Math.multiplyExact(2, parents.length);
        parents = Arrays.copyOf(parents, capacity);
        suffixes = Arrays.copyOf(suffixes, capacity);
        orders = Arrays.copyOf(orders, capacity);
        counts = Arrays.copyOf(counts, capacity);
        long[] oldKeys = keys;
        int[] oldNodes = nodes;
        keys = new long[2 * capacity];
        nodes = new int[2 * capacity];
        Arrays.fill(keys, EMPTY);
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != EMPTY) {
                int slot = slot(keys, oldKeys[i]);
                keys[slot] = oldKeys[i];
                nodes[slot] = oldNodes[i];
            }
        }
    }

    private static long key(int context, int token) {
        return (long) context << 32 | token;
    }

    /** The slot that holds {@code key}, or the empty one where it belongs. The table is never more than half full. */
    private static int slot(long[] keys, long key) {
        int mask = keys.length - 1;
        long hash = key * 0x9E3779B97F4A7C15L;
        int slot = (int) (hash >>> 32) & mask;
        while (keys[slot] != EMPTY && keys[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }
}
