using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Deploy;

public sealed class DeploySnapshotTests
{
    [Theory]
    [InlineData("commands")]
    [InlineData("dynamo")]
    [InlineData("llm-d")]
    [InlineData("kserve")]
    [InlineData("production-stack")]
    [InlineData("kubernetes")]
    public void Plan_WholeRequestsOnVllm_WritesTheGoldenFiles(string target) => Match("vllm", target, DeployTexts.Aggregated);

    [Theory]
    [InlineData("commands")]
    [InlineData("dynamo")]
    [InlineData("llm-d")]
    [InlineData("kserve")]
    public void Plan_DividedVllm_WritesTheGoldenFiles(string target) => Match("vllm-divided", target, DeployTexts.Divided);

    [Theory]
    [InlineData("commands")]
    [InlineData("dynamo")]
    [InlineData("kubernetes")]
    public void Plan_SgLangWithExpertsAndDrafts_WritesTheGoldenFiles(string target) => Match("sglang", target, DeployTexts.SgLang);

    [Theory]
    [InlineData("commands")]
    [InlineData("dynamo")]
    public void Plan_DividedTrtLlm_WritesTheGoldenFiles(string target) => Match("trtllm-divided", target, DeployTexts.TrtLlm);

    [Fact]
    public void Plan_Twice_GivesTheSameBytes() => Assert.Equal(DeployTexts.Text(DeployTexts.Made(DeployTexts.Divided, "dynamo")), DeployTexts.Text(DeployTexts.Made(DeployTexts.Divided, "dynamo")));

    private static void Match(string name, string target, string scenario) => Snapshot.Match(Path.Combine("Deploy", $"{name}-{target}.txt"), DeployTexts.Text(DeployTexts.Made(scenario, target)));
}
