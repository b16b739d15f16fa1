package org.xecomla.corpus.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One parsed template serves any number of threads. */
class ConcurrencyTest {
    @Test
    void renderingsDoNotDisturbEachOther() {
        JinjaTemplate template = JinjaTemplate.parse(
                "{% macro m(x, y=[]) %}<{{ x }}{{ y|length }}>{% endmacro %}{% set ns = namespace(sum=0) %}"
                        + "{% for x in range(n) if x is odd %}{% set ns.sum = ns.sum + x %}{{ m(x) }}{% endfor %}"
                        + "{% generation %}{{ ns.sum }}{% endgeneration %}",
                "it");
        List<Integer> numbers = IntStream.range(0, 400).map(i -> i % 40).boxed().toList();
        List<Rendering> alone =
                numbers.stream().map(n -> template.render(Map.of("n", n))).toList();
        List<Rendering> together = numbers.parallelStream()
                .map(n -> template.render(Map.of("n", n)))
                .toList();
        assertEquals(alone, together);
        assertEquals("<10><30>4", alone.get(4).text());
        assertEquals(List.of(new Rendering.Span(8, 9)), alone.get(4).generations());
    }
}
