package org.xecomla.corpus.chat.jinja.value;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** How Python writes a float: the fewest digits that read back as it, the nearest of those. */
public final class FloatText {
    private static final int MAX_DIGITS = 17;

    private FloatText() {}

    public static String of(double number) {
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        String sign = Double.doubleToRawLongBits(number) < 0 ? "-" : "";
        return sign + (number == 0 ? "0.0" : positive(Math.abs(number)));
    }

    /** With so many decimals, the exact value rounded, halves to the even digit. */
    public static String fixed(double number, int numDecimals) {
        if (Double.isInfinite(number)) {
            return of(number);
        }
        String sign = Double.doubleToRawLongBits(number) < 0 ? "-" : "";
        return sign
                + new BigDecimal(Math.abs(number))
                        .setScale(numDecimals, RoundingMode.HALF_EVEN)
                        .toPlainString();
    }

    private static String positive(double number) {
        BigDecimal shortest = shortest(number).stripTrailingZeros();
        String digits = shortest.unscaledValue().toString();
        int exponent = digits.length() - 1 - shortest.scale();
        if (exponent < -4 || exponent >= 16) {
            String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
            String power = Math.abs(exponent) < 10 ? "0" + Math.abs(exponent) : "" + Math.abs(exponent);
            return digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+") + power;
        }
        String plain = shortest.toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }

    /** Double.toString of Java 17 sometimes writes a digit too many. */
    private static BigDecimal shortest(double number) {
        BigDecimal exact = new BigDecimal(number);
        for (int numDigits = 1; numDigits < MAX_DIGITS; numDigits++) {
            BigDecimal below = exact.round(new MathContext(numDigits, RoundingMode.DOWN));
            BigDecimal above = exact.round(new MathContext(numDigits, RoundingMode.UP));
            boolean belowReads = below.doubleValue() == number;
            boolean aboveReads = above.doubleValue() == number;
            if (belowReads && aboveReads) {
                return exact.round(new MathContext(numDigits, RoundingMode.HALF_EVEN));
            }
            if (belowReads || aboveReads) {
                return belowReads ? below : above;
            }
        }
        return exact.round(new MathContext(MAX_DIGITS, RoundingMode.HALF_EVEN));
    }
}
