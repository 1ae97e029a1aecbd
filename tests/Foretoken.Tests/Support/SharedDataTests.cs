using Xunit;

namespace Foretoken.Tests.Support;

public sealed class SharedDataTests
{
    [Fact]
    public void Require_ReadmeOfTheData_ExistsOrSkips() => Assert.True(File.Exists(SharedData.Require("README.md")));
}
