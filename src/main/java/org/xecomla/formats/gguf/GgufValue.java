package org.xecomla.formats.gguf;

import java.util.List;

/** A value of a GGUF file's header. Numbers of other widths are read as the widest of their kind. */
sealed interface GgufValue {
    int U32 = 4;
    int I32 = 5;
    int F32 = 6;
    int BOOL = 7;
    int STRING = 8;
    int ARRAY = 9;

    /** Appends type and value. */
    void write(LittleEndian out);

    record Text(String text) implements GgufValue {
        @Override
        public void write(LittleEndian out) {
            out.u32(STRING);
            out.text(text);
        }
    }

    /** A whole number; written as u32. */
    record Natural(long number) implements GgufValue {
        @Override
        public void write(LittleEndian out) {
            out.u32(U32);
            out.u32(Math.toIntExact(number));
        }
    }

    /** Written as f32. */
    record Real(double number) implements GgufValue {
        @Override
        public void write(LittleEndian out) {
            out.u32(F32);
            out.f32((float) number);
        }
    }

    record Flag(boolean set) implements GgufValue {
        @Override
        public void write(LittleEndian out) {
            out.u32(BOOL);
            out.u8(set ? 1 : 0);
        }
    }

    record Texts(List<String> texts) implements GgufValue {
        @Override
        public void write(LittleEndian out) {
            array(out, STRING, texts.size());
            texts.forEach(out::text);
        }
    }

    /** Written as i32. */
    record Integers(List<Integer> numbers) implements GgufValue {
        @Override
        public void write(LittleEndian out) {
            array(out, I32, numbers.size());
            numbers.forEach(out::u32);
        }
    }

    /** Written as f32. */
    record Reals(List<Float> numbers) implements GgufValue {
        @Override
        public void write(LittleEndian out) {
            array(out, F32, numbers.size());
            numbers.forEach(out::f32);
        }
    }

    /** A list that is read and of no use here; only its length is kept. */
    record Skipped(long length) implements GgufValue {
        @Override
        public void write(LittleEndian out) {
            throw new IllegalStateException("a list whose elements were not read");
        }
    }

    private static void array(LittleEndian out, int type, int length) {
        out.u32(ARRAY);
        out.u32(type);
        out.u64(length);
    }
}
