using Foretoken.Deploy.Import;
using Xunit;

namespace Foretoken.Tests.Deploy;

public sealed class ShellTextTests
{
    [Theory]
    [InlineData("a b  c", "a|b|c")]
    [InlineData("a \\\n  --b 1", "a|--b|1")]
    [InlineData("a \\\r\n  --b", "a|--b")]
    [InlineData("a 'b c' \"d \\\" e\" f\\ g", "a|b c|d \" e|f g")]
    [InlineData("a --x='{\"k\":1}'", "a|--x={\"k\":1}")]
    [InlineData("a x'y'z\"w\"", "a|xyzw")]
    [InlineData("a $(hostname -i) b", "a|$(hostname -i)|b")]
    [InlineData("a # b c", "a")]
    [InlineData("a ''", "a|")]
    public void Cut_OneCommand_GivesItsWords(string text, string words) => Assert.Equal(words.Split('|'), Assert.Single(ShellText.Cut(text, "a.sh")).Words.Select(w => w.Text));

    [Theory]
    [InlineData("a; b && c | d & e", 5)]
    [InlineData("# a\n\n", 0)]
    [InlineData("cat > x <<'EOF'\nvllm serve no\nEOF\nb", 2)]
    public void Cut_Separators_EndCommands(string text, int commands) => Assert.Equal(commands, ShellText.Cut(text, "a.sh").Count);

    [Fact]
    public void Cut_Words_KnowTheirPlaces() => Assert.Equal(["a.sh:2:1", "a.sh:3:3"], ShellText.Cut("\nvllm \\\n  serve", "a.sh")[0].Words.Select(w => w.Place));
}
