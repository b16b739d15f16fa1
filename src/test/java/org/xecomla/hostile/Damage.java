package org.xecomla.hostile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What happens to files. The same seed gives the same damage. */
public enum Damage {
    CUT_OFF {
        @Override
        byte[] of(byte[] sound, Random random) {
            return Arrays.copyOf(sound, random.nextInt(sound.length));
        }
    },
    BITS_FLIPPED {
        @Override
        byte[] of(byte[] sound, Random random) {
            byte[] damaged = sound.clone();
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            }
            return damaged;
        }
    },
    HEAD_FLIPPED {
        @Override
        byte[] of(byte[] sound, Random random) {
            byte[] damaged = sound.clone();
            damaged[random.nextInt(Math.min(64, damaged.length))] ^= (byte) (1 << random.nextInt(8));
            return damaged;
        }
    },
    TAIL_FLIPPED {
        @Override
        byte[] of(byte[] sound, Random random) {
            byte[] damaged = sound.clone();
            damaged[damaged.length - 1 - random.nextInt(Math.min(64, damaged.length))] ^=
                    (byte) (1 << random.nextInt(8));
            return damaged;
        }
    },
    RUN_OF_ZEROS {
        @Override
        byte[] of(byte[] sound, Random random) {
            byte[] damaged = sound.clone();
            int from = random.nextInt(damaged.length);
            Arrays.fill(damaged, from, Math.min(damaged.length, from + 1 + random.nextInt(4096)), (byte) 0);
            return damaged;
        }
    },
    FORGED_NUMBER {
        @Override
        byte[] of(byte[] sound, Random random) {
            byte[] damaged = Arrays.copyOf(sound, Math.max(8, sound.length));
            long[] numbers = {-1, 0, Long.MAX_VALUE, Integer.MAX_VALUE, 1L << 40, Long.MIN_VALUE, 0x7FFFFFF0L};
            int reach = Math.min(damaged.length - 7, random.nextBoolean() ? 64 : damaged.length);
            int at = random.nextBoolean() ? random.nextInt(reach) : damaged.length - 8 - random.nextInt(reach);
            ByteBuffer.wrap(damaged)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(Math.max(0, at), numbers[random.nextInt(numbers.length)]);
            return damaged;
        }
    },
    PIECE_TWICE {
        @Override
        byte[] of(byte[] sound, Random random) {
            int from = random.nextInt(sound.length);
            int to = Math.min(sound.length, from + 1 + random.nextInt(200));
            return join(Arrays.copyOf(sound, to), Arrays.copyOfRange(sound, from, sound.length));
        }
    },
    PIECE_MISSING {
        @Override
        byte[] of(byte[] sound, Random random) {
            int from = random.nextInt(sound.length);
            int to = Math.min(sound.length, from + 1 + random.nextInt(200));
            return join(Arrays.copyOf(sound, from), Arrays.copyOfRange(sound, to, sound.length));
        }
    },
    MORE_AT_THE_END {
        @Override
        byte[] of(byte[] sound, Random random) {
            byte[][] more = {{0}, "\n".getBytes(StandardCharsets.UTF_8), "}".getBytes(StandardCharsets.UTF_8), sound};
            return join(sound, more[random.nextInt(more.length)]);
        }
    },
    NOTHING_IN_IT {
        @Override
        byte[] of(byte[] sound, Random random) {
            String[] texts = {
                "", "\n", "null", "{}", "[]", "\"\"", "0", "\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000"
            };
            return texts[random.nextInt(texts.length)].getBytes(StandardCharsets.UTF_8);
        }
    },
    NOISE {
        @Override
        byte[] of(byte[] sound, Random random) {
            byte[] noise = new byte[1 + random.nextInt(2000)];
            random.nextBytes(noise);
            return noise;
        }
    },
    OTHER_ENCODING {
        @Override
        byte[] of(byte[] sound, Random random) {
            Charset[] charsets = {StandardCharsets.UTF_16, StandardCharsets.UTF_16LE, StandardCharsets.ISO_8859_1};
            String text = new String(sound, StandardCharsets.UTF_8);
            return ("\u00e9" + text).getBytes(charsets[random.nextInt(charsets.length)]);
        }
    },
    DEEPLY_NESTED {
        @Override
        byte[] of(byte[] sound, Random random) {
            String[] opens = {"[", "{\"a\":", "a{", "(", "{% if a %}", "((("};
            String open = opens[random.nextInt(opens.length)].repeat(1 + random.nextInt(60_000));
            int at = random.nextBoolean() ? 0 : random.nextInt(sound.length);
            byte[] before = Arrays.copyOf(sound, at);
            return join(
                    join(before, open.getBytes(StandardCharsets.UTF_8)), Arrays.copyOfRange(sound, at, sound.length));
        }
    },
    WRONG_VALUE {
        @Override
        byte[] of(byte[] sound, Random random) {
            return json(sound, random, false);
        }
    },
    KEY_MISSING {
        @Override
        byte[] of(byte[] sound, Random random) {
            return json(sound, random, true);
        }
    };

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String[] VALUES = {
        "null", "true", "-1", "0", "1e308", "1e-320", "9223372036854775807", "123456789012345678901234567890", "\"\"",
        "\"x\"", "\"../../etc/passwd\"", "\"\\u0000\\u001b[2J\"", "[]", "{}", "[[[]]]", "{\"a\": null}", "0.5", "[null]"
    };

    /** Another file than {@code sound}, the same for the same seed. */
    public byte[] damaged(byte[] sound, long seed) {
        return of(sound, new Random(seed));
    }

    abstract byte[] of(byte[] sound, Random random);

    static byte[] join(byte[] a, byte[] b) {
        byte[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }

    /** Another value somewhere in the JSON of the file or of one of its lines; in what is no JSON, a piece of text. */
    private static byte[] json(byte[] sound, Random random, boolean removes) {
        String text = new String(sound, StandardCharsets.UTF_8);
        String[] lines = text.split("\n");
        boolean byLine = lines.length > 1 && !text.startsWith("{\n");
        int line = random.nextInt(lines.length);
        String damaged = change(byLine ? lines[line] : text, random, removes);
        if (damaged == null) {
            int at = random.nextInt(text.length());
            return (text.substring(0, at) + VALUES[random.nextInt(VALUES.length)] + text.substring(at))
                    .getBytes(StandardCharsets.UTF_8);
        }
        lines[line] = damaged;
        return (byLine ? String.join("\n", lines) + "\n" : damaged).getBytes(StandardCharsets.UTF_8);
    }

    private static String change(String json, Random random, boolean removes) {
        try {
            JsonNode root = JSON.readTree(json);
            List<JsonNode> inner = new ArrayList<>();
            collect(root, inner);
            if (inner.isEmpty()) {
                return null;
            }
            JsonNode parent = inner.get(random.nextInt(inner.size()));
            JsonNode value = JSON.readTree(VALUES[random.nextInt(VALUES.length)]);
            if (parent instanceof ArrayNode array) {
                int at = random.nextInt(array.size());
                JsonNode unused = removes ? array.remove(at) : array.set(at, value);
            } else {
                List<String> keys = new ArrayList<>();
                parent.fieldNames().forEachRemaining(keys::add);
                String key = keys.get(random.nextInt(keys.size()));
                JsonNode unused =
                        removes ? ((ObjectNode) parent).remove(key) : ((ObjectNode) parent).replace(key, value);
            }
            return root.toString();
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private static void collect(JsonNode node, List<JsonNode> inner) {
        if (node.isContainerNode() && !node.isEmpty()) {
            inner.add(node);
            node.forEach(child -> collect(child, inner));
        }
    }
}
