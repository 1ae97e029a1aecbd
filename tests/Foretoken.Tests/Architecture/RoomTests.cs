using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Architecture;

/// <summary>The rooms and what each may know; see docs/decisions/0001-rooms.md.</summary>
public sealed class RoomTests
{
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["Foretoken.Quantities"] = [],
        ["Foretoken.Kernel"] = ["Quantities"],
        ["Foretoken.Workloads"] = ["Quantities"],
        ["Foretoken.Hardware"] = ["Quantities"],
        ["Foretoken.Engines"] = ["Quantities", "Kernel", "Workloads", "Hardware"],
        ["Foretoken.Fleet"] = ["Quantities", "Kernel", "Workloads", "Hardware", "Engines"],
        ["Foretoken.Twin"] = ["Quantities", "Kernel", "Workloads", "Hardware", "Engines", "Fleet"],
        ["Foretoken.Accuracy"] = ["Quantities", "Kernel", "Workloads", "Hardware", "Engines", "Fleet", "Twin"],
        ["Foretoken.Metrics"] = ["Quantities", "Kernel", "Workloads", "Hardware", "Engines", "Fleet", "Twin"],
        ["Foretoken.Tuning"] = ["Quantities", "Kernel", "Workloads", "Hardware", "Engines", "Fleet", "Twin", "Accuracy", "Metrics"],
        ["Foretoken.Deploy"] = ["Quantities", "Kernel", "Workloads", "Hardware", "Engines", "Fleet", "Twin"],
        ["Foretoken.Reports"] = ["Quantities", "Kernel", "Workloads", "Hardware", "Engines", "Fleet", "Twin", "Accuracy", "Metrics", "Tuning"],
        ["foretoken"] = ["Quantities", "Kernel", "Workloads", "Hardware", "Engines", "Fleet", "Twin", "Accuracy", "Metrics", "Tuning", "Reports", "Deploy"],
    };

    private static readonly string[] Banned =
    [
        "System.Console", "System.DateTime", "System.DateTimeOffset", "System.Guid", "System.HashCode", "System.Random",
        "System.TimeProvider", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch", "System.IO.Directory", "System.IO.DirectoryInfo",
        "System.IO.File", "System.IO.FileInfo", "System.IO.FileStream", "System.IO.StreamReader", "System.IO.StreamWriter",
        "System.Threading.Monitor", "System.Threading.Thread", "System.Threading.ThreadPool", "System.Threading.Timer",
        "System.Threading.Tasks.Parallel", "System.Threading.Tasks.Task",
    ];

    public static TheoryData<string> Rooms => [.. MayKnow.Keys];

    public static TheoryData<string> IoFreeRooms => ["Foretoken.Quantities", "Foretoken.Kernel", "Foretoken.Engines", "Foretoken.Fleet", "Foretoken.Twin"];

    [Fact]
    public void Table_ProjectsOfTheSolution_ListsEveryRoom()
    {
        var projects = Directory.EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .Select(p => Path.GetFileNameWithoutExtension(p) is "Foretoken.Cli" ? "foretoken" : Path.GetFileNameWithoutExtension(p));
        Assert.Equal(projects.Order(StringComparer.Ordinal), MayKnow.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void References_OfARoom_StayBelowIt(string room)
    {
        var allowed = MayKnow[room].Select(r => "Foretoken." + r).ToHashSet();
        var upwards = Read(room, AssemblyReferences).Where(r => r.StartsWith("Foretoken", StringComparison.OrdinalIgnoreCase) && !allowed.Contains(r));
        Assert.Empty(upwards);
    }

    [Theory]
    [MemberData(nameof(IoFreeRooms))]
    public void Types_OfARoomOnVirtualTime_TouchNoOutsideWorld(string room)
    {
        Assert.Empty(Read(room, TypeReferences).Intersect(Banned));
        Assert.DoesNotContain(Read(room, AssemblyReferences), r => r is "System.Net.Http" or "System.Net.Sockets" or "System.IO.Pipelines" or "System.Diagnostics.Process");
    }

    [Fact]
    public void Types_OfTheCommandLine_ShowThatTheCheckBites() =>
        Assert.Superset(new HashSet<string> { "System.Console", "System.IO.File", "System.Threading.Thread" }, Read("foretoken", TypeReferences).ToHashSet());

    private static List<string> Read(string room, Func<MetadataReader, IEnumerable<string>> what)
    {
        var path = Repository.PathOf("artifacts", "bin", "Foretoken.Cli", "release", room + ".dll");
        using var file = new PEReader(File.OpenRead(path));
        return [.. what(file.GetMetadataReader())];
    }

    private static IEnumerable<string> AssemblyReferences(MetadataReader metadata) =>
        metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name));

    private static IEnumerable<string> TypeReferences(MetadataReader metadata) =>
        metadata.TypeReferences.Select(metadata.GetTypeReference).Select(t => $"{metadata.GetString(t.Namespace)}.{metadata.GetString(t.Name)}");
}
