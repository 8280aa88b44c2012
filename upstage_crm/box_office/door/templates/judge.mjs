// What a scan comes to on this device alone, as `door/rules.py` judges it with what is known here.
export const judge = (claims, listed, { direction, performance }) => {
  if (!claims) return "unknown";
  if (claims.performance !== performance) return "wrong_performance";
  if (!listed) return direction === "out" ? "valid" : "unverified";
  if (direction === "out") return listed.inside ? "valid" : "not_in";
  if (!listed.valid) return "void";
  if (claims.version < listed.version) return "revoked";
  if (listed.inside) return "used";
  // A code that is newer than the list, or that this browser could not check, is for the server.
  return claims.version > listed.version || claims.verified === null ? "unverified" : "valid";
};

export const passes = (verdict) => verdict === "valid" || verdict === "unverified";
