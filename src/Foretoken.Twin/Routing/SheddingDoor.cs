using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Routing;

/// <summary>Nobody waits: while the workers are saturated, requests that may be refused are.</summary>
/// <param name="desk">The router.</param>
internal sealed class SheddingDoor(RouterDesk desk) : RouterQueue
{
    /// <inheritdoc />
    public override bool MayHold => false;

    /// <inheritdoc />
    public override int Count => 0;

    /// <inheritdoc />
    public override IEnumerable<RequestSpec> Waiting => [];

    /// <inheritdoc />
    public override SimTime Next => SimTime.Never;

    /// <inheritdoc />
    public override (Admission Admission, string? Reason) Judge(in RequestSpec request, SimTime now) =>
        desk.IsSheddable(request) && desk.Saturation(now) is >= 1 and var saturation
            ? (Admission.Refused, string.Create(CultureInfo.InvariantCulture, $"429, sheddable and saturation {saturation:0.00}"))
            : (Admission.Enters, null);

    /// <inheritdoc />
    public override void Add(in RequestSpec request, SimTime now) => Invariant.Fail("nobody waits here");

    /// <inheritdoc />
    public override bool TryTake(out RequestSpec request)
    {
        request = default;
        return false;
    }

    /// <inheritdoc />
    public override void Act(SimTime now)
    {
    }
}
