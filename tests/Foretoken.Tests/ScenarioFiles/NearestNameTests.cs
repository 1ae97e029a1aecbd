using Foretoken.Twin.Scenarios.Fields;
using Xunit;

namespace Foretoken.Tests.ScenarioFiles;

public sealed class NearestNameTests
{
    private static readonly string[] Names = ["max_num_seqs", "max_num_batched_tokens", "block_size", "replicas", "routing"];

    [Theory]
    [InlineData("max_num_seq", "max_num_seqs")]
    [InlineData("max-num-seqs", "max_num_seqs")]
    [InlineData("--max-num-seqs", "max_num_seqs")]
    [InlineData("MaxNumSeqs", "max_num_seqs")]
    [InlineData("blocksize", "block_size")]
    [InlineData("replcias", "replicas")]
    [InlineData("routign", "routing")]
    public void Find_Misspelt_GivesWhatWasMeant(string written, string meant) => Assert.Equal(meant, NearestName.Find(written, Names));

    [Theory]
    [InlineData("temperature")]
    [InlineData("x")]
    public void Find_SomethingElse_GivesNothing(string written) => Assert.Null(NearestName.Find(written, Names));

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("abc", "acb", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void Distance_OfTwoWords_CountsEdits(string a, string b, int edits) => Assert.Equal(edits, NearestName.Distance(a, b));
}
